"""Small networks and test images, as the tests of their room have them."""

from tests.apis.exporting.test_window import small  # noqa: F401
from tests.apis.predicting.test_submission import images  # noqa: F401
