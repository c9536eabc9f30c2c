"""What the pages may load and from where: this site, and the server that holds the files when it is another."""


def content_security_policy(files_origin: str) -> dict[str, dict[str, list[str]]]:
    """Return django-csp's setting; `files_origin` is the server to which media addresses redirect, or nothing."""
    files = [files_origin] if files_origin else []
    return {
        "DIRECTIVES": {
            "default-src": ["'none'"],
            "script-src": ["'self'"],
            "worker-src": ["'self'"],
            "style-src": ["'self'"],
            "connect-src": ["'self'", *files],
            "img-src": ["'self'", "blob:", *files],
            "media-src": ["'self'", *files],
            "font-src": ["'self'"],
            "manifest-src": ["'self'"],
            "form-action": ["'self'"],
            "base-uri": ["'none'"],
            "frame-ancestors": ["'none'"],
        },
    }
