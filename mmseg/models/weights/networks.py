"""The encoders that published configs start from."""

NETWORKS: dict[str, dict] = {
    **{f"mit_b{size}": {"type": f"mit_b{size}"} for size in range(6)},
    "resnet101": {"type": "ResNet", "depth": 101},
    **{f"resnet{depth}_v1c": {"type": "ResNetV1c", "depth": depth} for depth in (50, 101)},
    "resnest50": {"type": "ResNeSt", "depth": 50},
    **{f"resnest{depth}": {"type": "ResNeSt", "depth": depth, "stem_channels": 128} for depth in (101, 200)},
    **{f"resnext{depth}_32x4d": {"type": "ResNeXt", "depth": depth, "groups": 32} for depth in (50, 101)},
}
"""Names that published configs use and ``tools/download_checkpoints.sh`` knows -> a network with their keys and shapes."""
