"""The programs of a cluster, and the templates of their configuration."""

import os
import shutil
import stat
import sys
from collections.abc import Mapping
from pathlib import Path
from string import Template

from tests.system_user import system_user, wheel_utils

ROOT = Path(__file__).parents[2]
TEMPLATES = ROOT / "deploy" / "high-availability"
PROGRAMS = ("etcd", "etcdctl", "haproxy", "pgbouncer", "patroni")
HOW_TO_GET_THEM = "a program of the cluster is missing: run make install-cluster"

_PATH = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", ""), "/usr/sbin"])


def find(program: str) -> str:
    """Return the path of a program, or nothing."""
    return shutil.which(program, path=_PATH) or ""


def missing_programs() -> list[str]:
    """Return the programs that this machine does not have."""
    return [each for each in PROGRAMS if not find(each)]


def postgresql_folder() -> Path:
    """Return the folder with the programs of PostgreSQL, which their user may run."""
    utils = wheel_utils()
    programs = Path(utils.__file__).parent / "pginstall" / "bin"
    if system_user() is not None:
        read, execute = stat.S_IRGRP | stat.S_IROTH, stat.S_IXGRP | stat.S_IXOTH
        utils.ensure_prefix_permissions(programs)
        utils.ensure_folder_permissions(programs, read | execute)
        utils.ensure_folder_permissions(programs.parent / "lib", read)
        utils.ensure_prefix_permissions(Path(find("patroni")))
        utils.ensure_prefix_permissions(Path(sys.executable).resolve())
    return programs


def fill_in(name: str, values: Mapping[str, object]) -> str:
    """Return a template's text with these values; a name without one is an error."""
    return Template((TEMPLATES / name).read_text()).substitute(values)
