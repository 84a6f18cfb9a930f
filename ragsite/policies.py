"""What each response says a browser may do with it, where Django has no setting for it."""

from __future__ import annotations

from typing import Final

#: Every feature of https://www.w3.org/TR/permissions-policy/ that could listen, watch or pay.
_FEATURES: Final = (
    *("accelerometer", "browsing-topics", "camera", "display-capture", "geolocation"),
    *("gyroscope", "hid", "magnetometer", "microphone", "midi", "payment"),
    *("publickey-credentials-get", "screen-wake-lock", "serial", "usb"),
)

#: Nothing here is to be embedded by another site, and nothing uses a device of the reader's.
HEADERS: Final = {
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": ", ".join(f"{feature}=()" for feature in _FEATURES),
}
