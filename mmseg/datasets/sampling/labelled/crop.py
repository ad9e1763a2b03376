"""A crop of a labelled image: decided on the label, then the image is decoded once.

Letters: (H, W) crop; sizes are (height, width).
"""

from __future__ import annotations

from mmseg.datasets import transforms
from mmseg.datasets.base import SegmentationDataset
from mmseg.datasets.classes.names import IGNORE
from mmseg.datasets.cropping.crop_options import CropOptions
from mmseg.datasets.cropping.finishing import draw_flip, finish_image, finish_mask
from mmseg.datasets.sampling.color_transfer import ColorTransfer
from mmseg.datasets.sampling.labelled.source_depth import depth_crop
from mmseg.datasets.several import SeveralDatasets
from mmseg.utils.errors import naming_file
from mmseg.utils.randomness import Streams


def labelled_crop(
    data: SegmentationDataset | SeveralDatasets,
    index: int,
    options: CropOptions,
    streams: Streams,
    domain: str,
    *,
    rare: tuple[int, float, int | None] | None = None,
    colors: ColorTransfer | None = None,
) -> dict:
    """The crop of a file.

    Args:
        data: labelled.
        index: of the file.
        options: how images are resized and cut.
        streams: of the sample.
        domain: begins the names of the streams.
        rare: class, pixels and tries of :func:`~mmseg.datasets.transforms.choose_rare_class_crop`; None for any crop.
        colors: what the image gets the colours from; None for its own.

    Returns:
        ``image`` uint8 [3, H, W] RGB, ``label`` uint8 [H, W], ``size`` int64 [2] (height and width before padding) and, with depth, what
        :func:`~mmseg.datasets.sampling.labelled.source_depth.depth_crop` adds.
    """
    photo = data.images.encoded(index)
    native = data.read_label(index, photo)
    size = options.resized(native.shape, streams.numpy(f"{domain}.scale"))
    with naming_file(photo.path):
        options.check_fits(size)
    label = options.resize_label(native, size)
    rng = streams.numpy(f"{domain}.crop")
    if rare is None:
        box = transforms.choose_crop(rng, label, options.crop_size, options.cat_max_ratio)
    else:
        box = transforms.choose_rare_class_crop(rng, label, options.crop_size, options.cat_max_ratio, *rare)
    flipped = draw_flip(streams.numpy(f"{domain}.flip"), options.flip_prob)

    image = photo.color()
    data.check_same_size(index, image, native)
    if colors is not None:
        image = colors.apply(image, streams)
    if options.color_jitter:
        image = transforms.color_jitter(image, transforms.draw_jitter(streams.numpy(f"{domain}.color_jitter"), options.color_jitter))
    crop = options.cut(image, size, box)
    if options.photo_metric_distortion:
        crop = transforms.photo_metric_distortion(crop, transforms.draw_photo_metric(streams.numpy(f"{domain}.photo_metric")))
    sample = finish_image(crop, options.crop_size, flipped, black=options.pad == "black")
    sample["label"] = finish_mask(label[box.slices], options.crop_size, flipped, fill=IGNORE)
    if data.has_depth:
        raw = data.read_depth(index, native.shape)
        sample |= depth_crop(raw, native.shape, size, options=options, box=box, flipped=flipped)
    return sample
