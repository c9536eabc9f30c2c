"""Take files into a batch: from tus uploads, the HTML form or a local folder.

`finalize` has the last step of all three.
"""
