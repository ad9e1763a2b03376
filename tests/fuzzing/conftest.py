"""How many random inputs a property gets: few and always the same in CI, many and new ones with ``HYPOTHESIS_PROFILE=nightly``.

A failure prints the smallest input that it found, and ``@reproduce_failure(…)`` to repeat it.
"""

import os

from hypothesis import settings

settings.register_profile("ci", max_examples=25, derandomize=True, database=None, deadline=None)
settings.register_profile("nightly", max_examples=5000, print_blob=True, database=None, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))
