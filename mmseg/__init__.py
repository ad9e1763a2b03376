"""Domain-adaptive semantic segmentation around HRDA (Hoyer et al., ECCV 2022)."""

import warnings

__version__ = "0.1.0"

# mmengine imports an optimizer of torch that warns on older torch versions; it would stand above every error line.
warnings.filterwarnings("ignore", message="`TorchScript` support for functional optimizers", category=DeprecationWarning)
