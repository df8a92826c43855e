// Types of the scripts in this folder. The scripts themselves are plain ES3 and need no build step.

declare namespace TwistedChat {
  type TransportName =
    | "websocket" | "xhr-streaming" | "eventsource" | "iframe-eventsource" | "htmlfile" | "iframe-htmlfile"
    | "xhr-polling" | "iframe-xhr-polling" | "jsonp-polling";

  /** A result that comes later: Athena's Deferred, with `then` for those who like it. */
  interface Deferred<T> {
    addCallback(fn: (value: T) => any): Deferred<any>;
    addErrback(fn: (error: RemoteError) => any): Deferred<any>;
    addBoth(fn: (valueOrError: any) => any): Deferred<any>;
    then(ok: (value: T) => any, fail?: (error: RemoteError) => any): Deferred<any>;
    callback(value: T): void;
    errback(error: any): void;
    cancel(): void;
  }

  /** How a call can fail. `kind` "refused": the other side said no. "unknown": nobody can say whether it ran. */
  interface RemoteError { kind: "refused" | "unknown" | "cancelled"; error: string; text: string; id?: string; retry?: number; }

  interface Status {
    state: "connecting" | "open" | "waiting" | "closed";
    /** The transport in use, or being tried. */
    transport: TransportName | null;
    /** Milliseconds until the next attempt, with state "waiting". */
    retryIn?: number;
    /** Why, with state "waiting" or "closed". */
    code?: number; reason?: string;
    /** Too many tabs of this profile hold a stream: this one polls briefly until one gets free. */
    brief?: boolean;
  }

  interface LiveOptions {
    /** Base URL of the comet mount, for example "/comet" or "https://chat.example/comet". */
    url: string;
    /** Order of transports to try; default: all, the best first. */
    transports?: TransportName[];
    /** Stay on this one. */
    transport?: TransportName | null;
    /** Base URL for "brief" polls when this profile has too many streams open; default: url + "-brief". */
    briefUrl?: string;
    root?: "chat" | "element";
    /** What the root element's factory is told, with every hello. */
    args?: { [name: string]: any };
    /** After a welcome that did not resume, wait for `rejoin()` (or a `join`) before asking for the channels again. */
    holdJoins?: boolean;
    /** Seams for tests. */
    SockJS?: any; random?: () => number;
    clock?: { now(): number; setTimeout(fn: () => void, ms: number): any; clearTimeout(id: any): void };
    loadScript?: (url: string, done: (problem: string | null) => void) => void;
  }

  /** One page's live client: hello, basket, resume, channels, over one SockJS session at a time. */
  class LiveClient {
    constructor(options: LiveOptions);
    on(event: "status", fn: (status: Status) => void): this;
    /** A widget was made and its `init` comes next: put its node into the page. Without a place it goes into its parent's node. */
    on(event: "element", fn: (widget: Widget, parentId: number) => void): this;
    on(event: "welcome", fn: (welcome: { resumed: boolean }) => void): this;
    status(): Status;
    start(): void;
    /** Change transport in mid-conversation; null: choose again. */
    use(transport: TransportName | null): void;
    /** Break the connection as a bad network would; the client reconnects by itself. */
    cut(): void;
    /** Reconnect now instead of waiting; after the server's stop, begin anew. */
    now(): void;
    /** Leave for good. */
    close(): void;
    join(channel: string, handler: ChannelHandler): void;
    leave(channel: string): void;
    /** With `holdJoins`: ask for the channels again now. */
    rejoin(): void;
    callRemote(element: number, method: string, args: any[]): Deferred<any>;
    notify(element: number, method: string, args: any[]): void;
  }

  /** The page's object for a channel; the room calls `events[method](...args, meta)`. */
  interface ChannelHandler {
    events: { [method: string]: (...args: any[]) => void };
    /** The answer to a join; `result.hole`: what came after our position is lost. */
    joined?(result: any): void;
    /** What matters only now, by name. */
    hints?: { [method: string]: (...args: any[]) => void };
    /** Takes the entries of a join that did not carry on from our position, [offset, id, [method, ...], at], as one batch.
     *  Without it they come as events with `meta.history`. `meta` is {channel, epoch, offset, id, at, history}. */
    history?(entries: any[], hole: boolean, epoch: string, head: number): void;
    /** It is asked again until it is answered: the store is away, or it was too fast. Told once. */
    delayed?(error: RemoteError): void;
    refused?(error: RemoteError): void;
    presence?(change: { kind: "full" | "delta" | "count"; version: number; people?: [string, string][]; came?: [string, string][]; went?: [string, string][]; count: number }): void;
    /** The server ended the subscription; unless "removed", the client asks for it again by itself. */
    reset?(reason: string): void;
  }

  /** Thrown in an exposed method, or given to errback: its name and text are told to the server. */
  class SafeError { constructor(error: string, text?: string); error: string; text: string; }

  /** An element's half in the page. */
  interface Widget {
    id: number; node: HTMLElement | null; client: LiveClient; jsClass: string;
    callRemote(method: string, ...args: any[]): Deferred<any>;
    notify(method: string, ...args: any[]): void;
  }
  /** Define a widget class. Only what stands in `exposed` can be called by the server. */
  function widget(jsClass: string, definition: {
    init?(this: Widget, ...args: any[]): void;
    gone?(this: Widget, reason: string): void;
    exposed?: { [method: string]: (this: Widget, ...args: any[]) => any };
    methods?: { [method: string]: (this: Widget, ...args: any[]) => any };
  }): void;

  type Person = { key: string; name: string };

  /** What a moderator did; `until` in seconds since 1970, left out for what does not end. */
  interface Order {
    what: "kick" | "ban" | "unban" | "mute" | "unmute" | "role" | "kind";
    whom: Person; by: Person; reason?: string; until?: number;
    role?: "nobody" | "member" | "moderator" | "owner"; kind?: "public" | "unlisted" | "members";
  }

  /** A line of a room. */
  interface Message {
    id: string; from: Person;
    /** action: what somebody does. command: a line of ours that begins with a slash, until it is done. */
    kind: "message" | "action" | "notice" | "topic" | "order" | "command";
    text: string;
    /** Seconds since 1970 (the server's clock; the page's own while pending). */
    at: number;
    state: "pending" | "sent" | "failed";
    offset: number | null; mine: boolean;
    /** Changed since it was said; or taken back, and `text` is "". */
    edited: boolean; deleted: boolean;
    /** With kind "order". */
    order?: Order;
    /** Why it failed, for people to read. */
    error?: string;
  }

  /** A room or a private chat, as the page sees it. */
  interface Room {
    channel: string; title: string; kind: "room" | "private";
    /** The other person, in a private chat. */
    person?: Person;
    /** Whether the server has let us in. */
    joined: boolean;
    /** What the room is about; "" for nothing. */
    topic: string;
    /** Who finds it and may enter; null in a private chat. */
    access: "public" | "unlisted" | "members" | null;
    /** What we are here, null for nothing of it. */
    role: "member" | "moderator" | "owner" | null;
    count: number;
    /** Everyone here, sorted by name, or null above 200 people. */
    people: Person[] | null;
    /** Shown lines: the log's order, then pending ones. At most 1000 are kept, 5000 with what `older` brought. */
    messages: Message[];
    /** Whether the log begins with `messages[0]`. */
    beginning: boolean;
    /** Whether lines before `messages[0]` are missing that were here before. */
    hole: boolean;
    /** message: a new line (also our own, pending). state: a line changed its state, place or what it says. gone: a line is not
     *  in `messages` any more: done, dropped, or too old. older: these stand before all others now. hole: lines before `messages[0]` of the history that
     *  comes next, in the same turn, are missing: some, or the log was begun anew ("forgotten"), since the server was
     *  ("restarted"). history: `messages` was replaced. changed: an entry of the log reads differently, also one that is
     *  not in `messages` (null). people: who is here changed (came and went are empty after a full set). typing: who types.
     *  answer: what a command tells us alone. left: we are out, with a reason. */
    on(event: "message" | "state" | "gone", fn: (message: Message) => void): this;
    on(event: "older" | "history", fn: (messages: Message[]) => void): this;
    on(event: "changed", fn: (change: { offset: number; text: string; deleted: boolean }, message: Message | null) => void): this;
    on(event: "hole", fn: (why: "missing" | "forgotten" | "restarted") => void): this;
    on(event: "people", fn: (change: { came: Person[]; went: Person[] }) => void): this;
    on(event: "typing", fn: (people: Person[]) => void): this;
    on(event: "topic" | "answer", fn: (text: string) => void): this;
    on(event: "order", fn: (order: Order) => void): this;
    on(event: "joined" | "left", fn: (reason?: string) => void): this;
    /** Say a text; do what it says when it begins with a slash ("/help"), "//x" says "/x". */
    say(text: string): Message;
    retry(message: Message): void;
    /** Whether a message can be changed, or taken back, by us; the server has the last word. */
    mayEdit(message: Message): boolean;
    mayRemove(message: Message): boolean;
    moderates(): boolean;
    edit(message: Message, text: string): Deferred<number>;
    /** Take a message back; one that failed just goes. */
    remove(message: Message): Deferred<number | null>;
    /** Whether there are earlier lines to ask for, as far as is known. */
    hasEarlier(): boolean;
    /** Put earlier lines before the first, from `limit` (at most 100) entries of the log; gives how many came. */
    older(limit: number): Deferred<number>;
    /** We type; the others are told every 3 s at most. */
    typing(): void;
    leave(): void;
  }

  /** Somebody whom we know. asked: by us, and not answered yet; asking: they asked us. `online` is true of friends only. */
  interface Contact { key: string; name: string; state: ContactState; online: boolean; }
  type ContactState = "friend" | "asked" | "asking" | "blocked" | "none";

  /** A private chat that there is, open here or not; `head` is its last offset, `at` seconds since 1970 to 10 minutes. */
  interface Private { channel: string; person: Person; head: number; at: number; }

  interface ChatOptions extends LiveOptions {
    /** Keep the guest's ticket in localStorage under this key, so that a reload is the same person; null: do not. */
    ticketKey?: string | null;
  }

  /** The chat, without any looks: what the page, the demo and the widget are made of. */
  class Chat {
    constructor(options: ChatOptions);
    live: LiveClient;
    you: Person | null;
    /** What we are, while we are logged in: nobody vouches for a guest. */
    kind: "guest" | "account" | "vouched" | null;
    rooms: { channel: string; title: string; count: number }[];
    open: Room[];
    /** All contacts by name, requests and those blocked too; kept up to date. */
    contacts: Contact[];
    on(event: "status", fn: (status: Status) => void): this;
    on(event: "you", fn: (you: Person | null) => void): this;
    /** The list of rooms to choose from changed. */
    on(event: "rooms", fn: () => void): this;
    /** A room or private chat was opened here, by us or by the other side. */
    on(event: "opened", fn: (room: Room) => void): this;
    on(event: "closed", fn: (room: Room) => void): this;
    on(event: "alert", fn: (alert: { text: string; at: number }) => void): this;
    /** A contact is so from now on (state "none": no more), and what it was before; null: all of them are new. */
    on(event: "contacts", fn: (contact: Contact | null, before: Contact | null) => void): this;
    /** We were kicked or banned, or the room is its members' now; it is closed. */
    on(event: "shownOut", fn: (told: { channel: string; title: string; text: string }) => void): this;
    /** The server said no to something that has no other place to show it. LoggedOut: the password was changed elsewhere. */
    on(event: "problem", fn: (error: RemoteError) => void): this;
    start(): void;
    /** True when a ticket is kept: `start` then logs in by itself. */
    hasTicket(): boolean;
    /** Be the account of that name, or without a password a new guest. */
    login(name: string, password?: string): Deferred<Person>;
    /** Make an account, and be it; a guest stays the same person. */
    register(name: string, password: string): Deferred<Person>;
    changePassword(old: string, password: string): Deferred<Person>;
    logout(): void;
    /** Take another name. */
    rename(name: string): Deferred<Person>;
    room(channel: string): Room | null;
    /** Join a room by channel ("room/lobby"). */
    join(channel: string): Room;
    /** Make a room, or find it, and join it. */
    openRoom(name: string): Deferred<Room>;
    privateWith(person: Person): Deferred<Room>;
    /** Open a private chat of `privates`, to read it. */
    openPrivate(channel: string, person: Person): Room;
    /** The newest 200 private chats, newest first. */
    privates(): Deferred<Private[]>;
    /** Whom the key belongs to, if it is a contact. */
    contact(key: string): Contact | null;
    /** Ask somebody to be a contact, or accept where they asked. What comes of it is told by "contacts", too. */
    askContact(person: Person): Deferred<ContactState>;
    acceptContact(person: Person): Deferred<ContactState>;
    /** End a contact, refuse a request, take back our own. */
    removeContact(person: Person): Deferred<ContactState>;
    block(person: Person): Deferred<ContactState>;
    unblock(person: Person): Deferred<ContactState>;
    refreshRooms(): void;
  }

  /** The last 500 log lines; `?debug=1` in the page's URL also writes them to the console. */
  const log: { (line: string): void; lines: string[]; listener: ((line: string) => void) | null; };
}
