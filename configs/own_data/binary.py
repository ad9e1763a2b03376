"""Own folders, one class and the rest: vehicles against everything else (docs/own_data.md).

Command:   python run_experiments.py --config configs/own_data/binary.py

Copy this file and change the folders. For masks of 0 and 255: label_map={0: "background", 255: "crack"}, without ignore.
"""

_base_ = [
    "../_base_/demo_runtime.py",
    "../_base_/models/daformer_tiny.py",
    "../_base_/uda/dacs_from_scratch.py",
    "../_base_/schedules/adamw_demo.py",
]

# What belongs to every labelled folder, once for everything: outputs of the network, loss, sampling, metric, pictures.
_labelled = dict(
    type="FolderDataset",
    classes=["background", "vehicle"],
    palette=[(0, 0, 0), (213, 94, 0)],
    # What the ids in the label files mean; here every id but those of vehicles is background.
    label_map={**dict.fromkeys(range(35), "background"), **dict.fromkeys((26, 27, 28, 29, 30, 31, 32, 33), "vehicle")},
    ignore=[255],
)

crop_size = (128, 128)  # (height, width) in pixels, after the images have been resized to fit into img_scale (width, height)
train_dataloader = dict(
    batch_size=2,
    num_workers=1,
    sampler=dict(type="RunningIndexSampler"),
    dataset=dict(
        type="UDADataset",
        source=dict(images="data/demo/gta/images", labels="data/demo/gta/labels", **_labelled),
        target=dict(type="FolderDataset", images="data/demo/cityscapes/leftImg8bit/train"),
        source_crop=dict(img_scale=(256, 128), crop_size=crop_size, cat_max_ratio=1.0),
        target_crop=dict(img_scale=(256, 128), crop_size=crop_size),
        rare_class_sampling=dict(min_pixels=40, class_temp=0.01, min_crop_ratio=0.25),
    ),
)
val_dataloader = dict(
    batch_size=4,
    num_workers=1,
    sampler=dict(type="DefaultSampler", shuffle=False),
    dataset=dict(
        images="data/demo/cityscapes/leftImg8bit/val",
        labels="data/demo/cityscapes/gtFine/val",
        img_suffix="_leftImg8bit.png",
        label_suffix="_gtFine_labelIds.png",
        test_scale=(256, 128),
        **_labelled,
    ),
)
val_evaluator = dict(type="IoUMetric")
model = dict(decode_head=dict(num_classes=2))
