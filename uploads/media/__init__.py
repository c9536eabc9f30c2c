"""Pictures as files: what they are, what they show about themselves, and small copies of them."""
