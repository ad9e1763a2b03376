"""HRDA that knows depth: depth and density beside the segmentation, small islands of pseudo-labels left out, Synthia -> Cityscapes: ours.

Command:   python run_experiments.py --config configs/depth_distribution/synHR2csHR_hrda_depth.py
           with mixtures that are made by
           python tools/prepare/depth_distribution.py configs/depth_distribution/synHR2csHR_hrda_depth.py --units normalized \\
               --out data/synthia/mixtures_normalized.npz
Study:     --exp 78 --only hrda.4, with the mixtures as a stage of its own
Published: nothing (HRDA alone: 65.8 over 16 classes; depth distribution with DeepLabV2: 48.2). Not trained by us yet.
Needs:     data/synthia with its depth and data/cityscapes (README, section Data) and pretrained/mit_b5.pth
           (sh tools/download_checkpoints.sh mit_b5).
More:      docs/depth_distribution.md
"""

_base_ = ["../hrda/synHR2csHR_hrda.py"]

# On the second level of the context: 8 pixels of it, 16 of the crop.
model = dict(depth_head=dict(type="DepthDensityHead", in_channels=128, in_index=1, channels=256, init_std=None))

train_dataloader = dict(dataset=dict(source=dict(depth_dir="Depth/Depth"), target_place=True))

uda = dict(
    # Mixtures over places of the whole image, wherever a crop lies in it. The branches learn log z and a density in [0, 1].
    depth=dict(
        mixtures="data/synthia/mixtures_normalized.npz", units="normalized", lambda_depth=0.1, lambda_density=0.1, lambda_target=0.1
    ),
    labeling=[
        dict(type="ConfidenceShare", threshold=0.968),
        # Smallest islands in pixels of 1280x760, scaled to the image: those of the paper for 16 classes, the rarest one's for the others.
        dict(
            type="SpatialPrior",
            thresholds=[3165, 3311, 5000, 89, 89, 219, 50, 61, 1788, 50, 1202, 762, 123, 730, 50, 302, 50, 78, 81],
        ),
    ],
    # Margins of crop_pseudo_margins stay: they come before the islands are counted.
)
