"""FADA with VGG-16, GTA -> Cityscapes (Wang et al., ECCV 2020, Table 1).

Command:   python run_experiments.py --config configs/label_shift/gta2cs_fada_vgg16.py
           with --cfg-options load_from=FILE, a checkpoint of the source alone (gta2cs_source.py with this model).
Published: in the paper of FADA; no numeric record of this network was at hand, so it is not compared with the published code.
Needs:     data/gta and data/cityscapes (README, section Data) and pretrained/vgg16.pth: Caffe's weights with the names of torchvision
           (features.0.weight, …), as earlier adaptation work shares them. torchvision's own weights need backbone.bgr=False and
           the default data_preprocessor.
"""

_base_ = [
    "../_base_/default_runtime.py",
    "../_base_/datasets/gta_to_cityscapes_fada.py",
    "../_base_/models/vgg16_fada.py",
    "../_base_/schedules/sgd_40k_fada.py",
]

# As in configs/_base_/uda/fada.py; the network's file says how images are normalised for it.
uda = dict(type="FADA", lr_D_iters=62500)
model = dict(decode_head=dict(loss_decode=dict(type="CrossEntropyLoss", avg_non_ignore=True, temperature=1.8)))
