"""ViT-Adapter: convolutions beside a plain transformer, and attention between both, give it levels at strides 4, 8, 16 and 32."""
