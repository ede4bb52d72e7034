"""What every answer carries, those of the server itself included. Imports nothing: the server needs it first."""

# Answers are JSON for one person: never sniffed as something else, framed, embedded by another site, or kept by a cache
# in between, and their addresses, which hold uuids and handles, are told to nobody.
SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
}
ONLY_HTTPS = {"Strict-Transport-Security": "max-age=31536000"}
