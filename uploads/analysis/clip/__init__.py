"""The provider `clip`: a CLIP or SigLIP model, whose vectors of pictures and of text are in one space."""
