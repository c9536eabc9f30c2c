"""Parse, match and merge sidecars: files in which other programs describe pictures. The database is not used."""
