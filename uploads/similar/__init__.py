"""Which pictures look alike: codes of pictures, near duplicates, and the most similar pictures."""
