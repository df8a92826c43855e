"""Make ``--backend=jsonlog:`` known."""

from jsonlog import Maker

maker = Maker()
