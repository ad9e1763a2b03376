"""SGD of RIPU, that of FADA: ten times the rate for the classifier; a decay towards iteration 62,500 that ends at 40,000."""

_base_ = "sgd_40k_fada.py"
train_cfg = dict(val_interval=10000)  # published: after the training alone
