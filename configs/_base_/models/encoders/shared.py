"""What all networks have in common: one look at the image, a score for each of the 19 classes of Cityscapes.

A network is an encoder and a decoder. The files beside this one are its encoders, with what their levels are wide;
those in ../decoders are its decoders. A file of the folder above names one of each.
"""

model = dict(type="EncoderDecoder", decode_head=dict(num_classes=19))
