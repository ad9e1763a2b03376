"""DAFormer trained on GTA alone, for streets it has never seen (HRDA's extension, Hoyer et al., PAMI 2024, section 6).

Command:   python run_experiments.py --config configs/dg/gta_daformer.py
Study:     --exp 50
Published: 52.65 mIoU on Cityscapes, 47.89 on BDD100K, 54.66 on Mapillary. Not trained by us yet.
Needs:     data/gta and data/cityscapes (README, section Data; its validation images alone) and pretrained/mit_b5.pth
           (sh tools/download_checkpoints.sh mit_b5).
Other targets: python tools/test.py work_dirs/RUN/config.py work_dirs/RUN/latest.pth --targets
           configs/_base_/datasets/bdd100k_val.py configs/_base_/datasets/mapillary_val.py
"""

_base_ = [
    "../_base_/default_runtime.py",
    "../_base_/models/daformer_sepaspp_mitb5.py",
    # GTA with photometric distortion ("CAug"): brightness, contrast, saturation and hue.
    "../_base_/datasets/gta_alone.py",
    # Supervision and feature distance on the source; consistency of two styles.
    "../_base_/uda/generalization_fdthings_styles.py",
    "../_base_/schedules/adamw_poly10warm_40k.py",
]

# Half of the full resolution, and crops of it.
scale = 0.5
crop_size = (512, 512)

# Behind the first stage, in training, every image gets a second style: a mix of 64 base styles of the source, with
# weights from Dirichlet's distribution, most of whose mass a concentration of 1/64 gives to one or two of them.
model = dict(backbone=dict(style_hallucination_cfg=dict(concentration_coeff=0.0156, base_style_num=64, style_dim=64)))

custom_hooks = [
    dict(type="ResultHook"),
    dict(type="PictureHook", interval=1000),
    dict(type="ClassHealthHook", interval=500),
    # The most different styles of the source, before the training and every 4,000 iterations.
    dict(type="BaseStylesHook", interval=4000, samples_per_gpu=2, workers_per_gpu=6),
]

train_dataloader = dict(
    dataset=dict(
        # Rare-class sampling; a crop is kept when it shows at least half of 3,000 pixels of the drawn class.
        rare_class_sampling=dict(min_pixels=3000, class_temp=0.01, min_crop_ratio=0.5),
    ),
)
