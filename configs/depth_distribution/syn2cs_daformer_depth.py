"""DAFormer that knows depth, at half resolution, Synthia -> Cityscapes: ours, the steps of study 78 that --demo measures.

Command:   python run_experiments.py --config configs/depth_distribution/syn2cs_daformer_depth.py
           with mixtures that are made by
           python tools/prepare/depth_distribution.py configs/depth_distribution/syn2cs_daformer_depth.py --units normalized \\
               --out data/synthia/mixtures_normalized.npz
Study:     --exp 78 --only demo.4, with the mixtures as a stage of its own; on a CPU with --demo
Published: nothing. Not trained by us on Synthia yet.
Needs:     what configs/depth_distribution/synHR2csHR_hrda_depth.py needs, whose options are explained there.
More:      docs/depth_distribution.md
"""

# Those of configs/daformer/syn2cs_daformer.py, whose short form of ignored rows would meet the list of stages below.
_base_ = [
    "../_base_/default_runtime.py",
    "../_base_/models/daformer_sepaspp_mitb5.py",
    "../_base_/datasets/uda_synthia_to_cityscapes.py",
    "../_base_/uda/dacs_a999_fdthings.py",
    "../_base_/schedules/adamw_poly10warm_40k.py",
]

scale = 0.5
crop_size = (512, 512)

model = dict(depth_head=dict(type="DepthDensityHead", in_channels=128, in_index=1, channels=256, init_std=None))

train_dataloader = dict(
    dataset=dict(
        rare_class_sampling=dict(min_pixels=3000, class_temp=0.01, min_crop_ratio=0.5),
        source=dict(depth_dir="Depth/Depth"),
        target_place=True,
    )
)

uda = dict(
    depth=dict(
        mixtures="data/synthia/mixtures_normalized.npz", units="normalized", lambda_depth=0.1, lambda_density=0.1, lambda_target=0.1
    ),
    labeling=[
        dict(type="ConfidenceShare", threshold=0.968),
        dict(type="IgnoreRows", top=15, bottom=120),
        dict(
            type="SpatialPrior",
            thresholds=[3165, 3311, 5000, 89, 89, 219, 50, 61, 1788, 50, 1202, 762, 123, 730, 50, 302, 50, 78, 81],
        ),
    ],
)
