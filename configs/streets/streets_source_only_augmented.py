"""The same as streets_source_only.py with strong augmentation: what is reached without any photograph of a street.

Command:   python run_experiments.py --config configs/streets/streets_source_only_augmented.py
Study:     --exp 110
Measured:  59.8 ± 1.0 mIoU over 3 seeds (docs/real_photographs.md)
Needs:     what streets_source_only.py needs
"""

_base_ = "streets_source_only.py"

# Brightness, contrast, saturation and hue change at random, and sizes by a factor from 0.75 to 1.5.
train_dataloader = dict(dataset=dict(source_crop=dict(photo_metric_distortion=True, ratio_range=(0.75, 1.5))))
