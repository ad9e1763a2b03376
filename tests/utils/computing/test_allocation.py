"""Large blocks that come and go: who has to clear their pages."""

import os
import subprocess
import sys

import pytest

from mmseg.utils.computing.allocation import keep_freed_memory

ROUNDS, BLOCK, PAGE = 10, 64 * 2**20, 4096
SCRIPT = f"""
import mmseg, numpy, resource

def faults():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt

numpy.ones({BLOCK}, numpy.uint8)
before = faults()
for _ in range({ROUNDS}):
    numpy.ones({BLOCK}, numpy.uint8)
print(faults() - before)
"""


def page_faults(**variables: str) -> int:
    """Pages that the system had to give while a block came and went, in a process of its own."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("MALLOC_", "GLIBC_TUNABLES"))}
    shown = subprocess.run([sys.executable, "-c", SCRIPT], env=environment | variables, capture_output=True, text=True, check=True)
    return int(shown.stdout)


@pytest.mark.skipif(not os.confstr_names.get("CS_GNU_LIBC_VERSION"), reason="the C library is not GNU's")
def test_a_block_is_reused():
    assert page_faults() < BLOCK // PAGE  # of ten blocks, less than one


@pytest.mark.skipif(not os.confstr_names.get("CS_GNU_LIBC_VERSION"), reason="the C library is not GNU's")
def test_what_a_user_says_stays():
    assert page_faults(MALLOC_MMAP_THRESHOLD_="1048576") >= ROUNDS * BLOCK // (512 * PAGE)  # pages may be huge ones


@pytest.mark.parametrize("variable", ["MALLOC_ARENA_MAX", "GLIBC_TUNABLES"])
def test_users_who_set_malloc_up_are_left_alone(variable):
    assert not keep_freed_memory({variable: "1"})
