"""System checks of the settings and of the HEIF decoders, run at start-up. Each error's hint explains the fix.

Before that, environment.py rejects variables that are invalid on their own.
"""

from vuemantics.checks.analyzer import check_analyzer
from vuemantics.checks.decoders import check_heif_decoder
from vuemantics.checks.limits import (
    check_connections_per_address,
    check_lease,
    check_open_files,
    check_partial_file_expiry,
)
from vuemantics.checks.mail import check_mail_links, check_mail_sender
from vuemantics.checks.providers import (
    check_clip_model,
    check_description_language,
    check_model_servers,
    check_model_time_limits,
    check_ocr,
    check_prompt,
)
from vuemantics.checks.security import check_debug, check_hosts, check_secret_key
from vuemantics.checks.storage import check_bucket, check_bucket_name_is_set, check_media_location, check_same_disk

CHECKS = (
    check_secret_key,
    check_debug,
    check_hosts,
    check_lease,
    check_partial_file_expiry,
    check_analyzer,
    check_clip_model,
    check_description_language,
    check_model_servers,
    check_model_time_limits,
    check_prompt,
    check_ocr,
    check_mail_links,
    check_mail_sender,
    check_same_disk,
    check_media_location,
    check_bucket_name_is_set,
    check_bucket,
    check_connections_per_address,
    check_open_files,
    check_heif_decoder,
)
