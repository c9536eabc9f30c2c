"""How bytes come in: by tus, by the form, from a folder of the server. All end in `ending.end_item`."""
