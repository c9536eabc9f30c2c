"""The provider `clip`: a CLIP or SigLIP model, which embeds pictures and text in one space."""
