"""DAFormer, GTA -> Cityscapes (Hoyer et al., CVPR 2022, Table 5, last row).

Command:   python run_experiments.py --config configs/daformer/gta2cs_daformer.py
Study:     --exp 6
Published: 68.3 ± 0.5 mIoU over 3 seeds; 16 hours on an 11 GB card. Not trained by us yet.
Needs:     data/gta and data/cityscapes (README, section Data) and pretrained/mit_b5.pth
           (sh tools/download_checkpoints.sh mit_b5).
"""

_base_ = [
    "../_base_/default_runtime.py",
    "../_base_/models/daformer_sepaspp_mitb5.py",
    "../_base_/datasets/uda_gta_to_cityscapes.py",
    "../_base_/uda/dacs_a999_fdthings.py",
    "../_base_/schedules/adamw_poly10warm_40k.py",
]

# Half of the full resolution, and crops of it.
scale = 0.5
crop_size = (512, 512)

# Rectification borders at the top and the ego vehicle at the bottom get no pseudo-labels.
uda = dict(pseudo_weight_ignore_top=15, pseudo_weight_ignore_bottom=120)

# Rare-class sampling (section 3.3): temperature T = 0.01. A file counts for a class from 3,000 pixels on,
# a crop is kept when it shows at least half of them.
train_dataloader = dict(dataset=dict(rare_class_sampling=dict(min_pixels=3000, class_temp=0.01, min_crop_ratio=0.5)))
