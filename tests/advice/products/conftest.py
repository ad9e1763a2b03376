"""Small networks and test images, as the tests of their room have them."""

from tests.apis.evaluating.test_submission import images  # noqa: F401
from tests.apis.exporting.test_window import small  # noqa: F401
