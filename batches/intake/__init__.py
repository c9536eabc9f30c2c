"""How files enter a batch: by tus, by the HTML form or from a folder. All paths end in `finalize.finalize_item`."""
