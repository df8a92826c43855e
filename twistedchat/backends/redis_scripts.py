"""What runs inside Redis: each script is one transaction, and answers with one string of MessagePack.

One string, because txredisapi's parser in pure Python takes a turn of the reactor for every string of an answer. The keys of
one channel are in a script's ``KEYS``; those of records are made from a prefix, since a commit writes records of any kind.

Keys of a log, each behind ``<prefix>log:<channel>:``

``m``  hash: ``epoch``, ``head`` and ``first`` (offsets of the newest and the oldest entry), ``id`` of the newest one
``e``  hash: offset -> MessagePack ``[offset, id, identity, event, at]``
``i``  hash: ``id/identity`` -> ``offset:digest``, of the entries that are kept
``r``  hash: offset of a revised entry -> offset of what revised it last

A hash and not a stream, since an entry of a stream cannot be changed; not a sorted set, since offsets are consecutive: any
page is the range of offsets that it asks for, found without searching, and a revision touches one field.

Keys of records, behind ``<prefix>``: hashes ``rec:<kind>`` (key -> MessagePack ``[key, value, version, until]``), sorted sets
``keys:<kind>`` (all of score 0: Redis then orders by bytes, which for UTF-8 is the order of code points), the sorted set
``until`` (``kind/key`` by its end) and the counter ``version``.
"""

import hashlib
from dataclasses import dataclass, field

EMPTY_S = 7 * 86_400  # an epoch of a log that stays empty is kept so long after it was last asked for
SWEPT = 1000  # at most so many records go in one sweep
TRIMMED = 1000  # at most so many entries go in one run: Redis does nothing else meanwhile


@dataclass(frozen=True, slots=True)
class Script:
    """A Lua script and the name that Redis knows it by."""

    text: str
    sha: str = field(init=False)

    def __post_init__(self) -> None:
        sha = hashlib.sha1(self.text.encode(), usedforsecurity=False).hexdigest()
        object.__setattr__(self, "sha", sha)


_LISTS = """
local function list(entries)
  return struct.pack('>BI4', 0xdd, #entries) .. table.concat(entries)
end
local function pick(key, fields)
  local found = {}
  for start = 1, #fields, 500 do
    local some = redis.call('HMGET', key, unpack(fields, start, math.min(start + 499, #fields)))
    for _, value in ipairs(some) do
      if value then found[#found + 1] = value end
    end
  end
  return list(found)
end
"""

_LOGS = (
    _LISTS
    + """
local meta, entries, ids, revisions = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local function number(field)
  return tonumber(redis.call('HGET', meta, field) or 0)
end
local function mark(id, identity)
  return id .. '/' .. identity
end
local function range(from, to)
  local offsets = {}
  for offset = math.max(from, number('first')), math.min(to, number('head')) do
    offsets[#offsets + 1] = string.format('%d', offset)
  end
  return pick(entries, offsets)
end
local function oldest_gone(first)
  local entry = redis.call('HGET', entries, first)
  if entry then
    local had = cmsgpack.unpack(entry)
    redis.call('HDEL', ids, mark(had[2], had[3]))
  end
  redis.call('HDEL', entries, first)
  redis.call('HDEL', revisions, first)
end
"""
)

_EPOCH = """
local function epoch_of(meta, fresh, keep_s)
  local had = redis.call('HMGET', meta, 'epoch', 'head')
  if had[2] then return had[1] end
  redis.call('HSETNX', meta, 'epoch', fresh)
  redis.call('EXPIRE', meta, keep_s)
  return had[1] or fresh
end
"""

# ARGV: identity, id, event, at, digest, fresh epoch, entries to keep, where to tell, what to tell before and behind the
# offset; revised offset or '', its event, the trace. Answers 'n' (new), 'o' (was there) with the entry, or 'r' (id reused).
APPEND = Script(
    _LOGS
    + """
local identity, id, event, at, digest, fresh, keep = unpack(ARGV, 1, 7)
local had = redis.call('HGET', ids, mark(id, identity))
if had then
  local offset, its = had:match('^(%d+):(.*)$')
  if its ~= digest then return 'r' end
  return 'o' .. redis.call('HGET', entries, offset)
end
local head, first = number('head') + 1, number('first')
local function set(offset, event)
  local entry = redis.call('HGET', entries, offset)
  if not entry then return false end
  local had = cmsgpack.unpack(entry)
  had[4] = event
  redis.call('HSET', entries, offset, cmsgpack.pack(had))
  return true
end
if head == 1 then
  redis.call('HSETNX', meta, 'epoch', fresh)
  redis.call('PERSIST', meta)
end
if ARGV[11] ~= '' and set(ARGV[11], ARGV[12]) then
  local earlier = redis.call('HGET', revisions, ARGV[11])
  if earlier then set(earlier, ARGV[13]) end
  redis.call('HSET', revisions, ARGV[11], head)
end
local entry = cmsgpack.pack({head, id, identity, event, at})
redis.call('HSET', entries, head, entry)
redis.call('HSET', ids, mark(id, identity), string.format('%d:%s', head, digest))
if first == 0 then first = head end
for _ = 1, 100 do
  if head - first < tonumber(keep) then break end
  oldest_gone(first)
  first = first + 1
end
redis.call('HSET', meta, 'head', head, 'first', first, 'id', id)
redis.pcall('PUBLISH', ARGV[8], ARGV[9] .. string.format('%d', head) .. ARGV[10])
return 'n' .. entry
"""
)

# ARGV: fresh epoch, seconds that an empty log's epoch is kept, entries. Answers [epoch, entries].
OPEN = Script(
    _LOGS
    + _EPOCH
    + """
local epoch = epoch_of(meta, ARGV[1], ARGV[2])
local head = number('head')
return string.char(0x92) .. cmsgpack.pack(epoch) .. range(head - ARGV[3] + 1, head)
"""
)

# ARGV: first offset, last offset, most, and 'first' or 'last' for which of them. Answers entries.
READ = Script(
    _LOGS
    + """
local from = math.max(tonumber(ARGV[1]), number('first'))
local to = math.min(tonumber(ARGV[2]), number('head'))
if ARGV[4] == 'first' then
  to = math.min(to, from + ARGV[3] - 1)
else
  from = math.max(from, to - ARGV[3] + 1)
end
return range(from, to)
"""
)

# KEYS: the hash m of each log. ARGV: fresh epoch, seconds as for OPEN. Answers [[epoch, offset, id], …].
HEADS = Script(
    _EPOCH
    + """
local heads = {}
for n, meta in ipairs(KEYS) do
  local epoch = epoch_of(meta, ARGV[1], ARGV[2])
  local had = redis.call('HMGET', meta, 'head', 'id')
  heads[n] = {epoch, tonumber(had[1] or 0), had[2] or ''}
end
return cmsgpack.pack(heads)
"""
)

# ARGV: entries to keep, since when, most to go at once. Answers how many went.
TRIM = Script(
    _LOGS
    + """
local head, first, gone = number('head'), number('first'), 0
while first < head and gone < tonumber(ARGV[3]) do
  local at = cmsgpack.unpack(redis.call('HGET', entries, first))[5]
  if head - first < tonumber(ARGV[1]) and tonumber(at) >= tonumber(ARGV[2]) then break end
  oldest_gone(first)
  first, gone = first + 1, gone + 1
end
if gone > 0 then redis.call('HSET', meta, 'first', first) end
return cmsgpack.pack(gone)
"""
)

# KEYS: rec:<kind>, keys:<kind>. ARGV: lowest, highest (as ZRANGEBYLEX has them), most. Answers records.
PAGE = Script(
    _LISTS
    + """
return pick(KEYS[1], redis.call('ZRANGEBYLEX', KEYS[2], ARGV[1], ARGV[2], 'LIMIT', 0, ARGV[3]))
"""
)

_RECORDS = """
local prefix = KEYS[1]
local function remove(kind, key)
  redis.call('HDEL', prefix .. 'rec:' .. kind, key)
  redis.call('ZREM', prefix .. 'keys:' .. kind, key)
  redis.call('ZREM', prefix .. 'until', kind .. '/' .. key)
end
"""

# KEYS: the prefix. ARGV: MessagePack [[kind, key, value or false, expected or -1, until or ''], …]. Answers 'c' (one is
# not as expected, nothing was changed) or 'd' (done).
COMMIT = Script(
    _RECORDS
    + """
local changes = cmsgpack.unpack(ARGV[1])
for _, change in ipairs(changes) do
  local kind, key, expected = change[1], change[2], change[4]
  if expected >= 0 then
    local had = redis.call('HGET', prefix .. 'rec:' .. kind, key)
    local version = had and cmsgpack.unpack(had)[3] or 0
    if version ~= expected then return 'c' end
  end
end
for _, change in ipairs(changes) do
  local kind, key, value, over = change[1], change[2], change[3], change[5]
  if value == false then
    remove(kind, key)
  else
    local version = redis.call('INCR', prefix .. 'version')
    redis.call('HSET', prefix .. 'rec:' .. kind, key, cmsgpack.pack({key, value, version, over}))
    redis.call('ZADD', prefix .. 'keys:' .. kind, 0, key)
    if over == '' then
      redis.call('ZREM', prefix .. 'until', kind .. '/' .. key)
    else
      redis.call('ZADD', prefix .. 'until', over, kind .. '/' .. key)
    end
  end
end
return 'd'
"""
)

# KEYS: the prefix. ARGV: now, most. Answers how many went.
SWEEP = Script(
    _RECORDS
    + """
local over = redis.call('ZRANGEBYSCORE', prefix .. 'until', '-inf', '(' .. ARGV[1], 'LIMIT', 0, ARGV[2])
for _, place in ipairs(over) do
  local kind, key = place:match('^([^/]*)/(.*)$')
  remove(kind, key)
end
return cmsgpack.pack(#over)
"""
)

ALL = (APPEND, OPEN, READ, HEADS, TRIM, PAGE, COMMIT, SWEEP)
