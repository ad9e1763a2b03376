import mmseg  # noqa: F401 - before torch is loaded, which reads once how its threads wait
