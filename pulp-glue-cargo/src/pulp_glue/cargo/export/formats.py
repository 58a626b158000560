"""The formats of exports."""

from pulp_glue.cargo.export.directory import DIRECTORY
from pulp_glue.cargo.export.git_index import GIT
from pulp_glue.cargo.export.index_files import LOCAL, STATIC

FORMATS = (STATIC, LOCAL, GIT, DIRECTORY)
