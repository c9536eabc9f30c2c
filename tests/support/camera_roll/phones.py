"""The folders of an iPhone, an Android phone and an iCloud export."""

from tests.support.camera_roll.encoders import Shot, android_film, apple_film, apple_note, exif_of, still
from tests.support.camera_roll.roll import Outcome, Roll, of_shot
from tests.support.motion_photos import VIDEO, container_items, micro_video, samsung

AAE = (
    b'<?xml version="1.0" encoding="UTF-8"?><plist version="1.0"><dict>'
    b"<key>adjustmentFormatIdentifier</key><string>com.apple.photo</string></dict></plist>"
)

DETAILS_HEADER = "imgName,fileChecksum,favorite,hidden,deleted,originalCreationDate,viewCount,importDate"
APPLE_DATE = "%A %B %-d,%Y %-I:%M %p GMT"


def add_iphone(roll: Roll) -> None:
    """Add live photos linked by identifier and by name, edited pictures, a burst, videos and screenshots."""
    folder = "DCIM/100APPLE"
    for number, shot in roll.shots(20):
        name, identifier = f"{folder}/IMG_{number:04}", f"6F1C5DE7-0B0B-4C73-8B1A-{number:012}"
        exif = exif_of(shot, note=apple_note(0x11, identifier))
        is_edited = number <= 5
        shown = f"{folder}/IMG_E{number:04}.HEIC" if is_edited else f"{name}.HEIC"
        original = (shown, "original") if is_edited else ("", "")
        roll.add(f"{name}.HEIC", still("HEIC", number, exif, roll.size), of_shot(shot, part=original))
        film = apple_film(number, shot, identifier, roll.size)
        roll.add(f"{name}.MOV", film, of_shot(shot, "container", part=(shown, "live")))
        if is_edited:
            roll.add(shown, still("HEIC", number + 500, exif, roll.size), of_shot(shot))
            roll.add(f"{name}.AAE", AAE, Outcome("sidecar", of=shown))
    for number, shot in roll.shots(5):
        name = f"{folder}/IMG_{number:04}"
        roll.add(f"{name}.JPG", still("JPEG", number, exif_of(shot), roll.size), of_shot(shot))
        film = apple_film(number, shot, size=roll.size)
        roll.add(f"{name}.MOV", film, of_shot(shot, "container", part=(f"{name}.JPG", "live")))
    first = ""
    for number, shot in roll.shots(4):
        path, exif = f"{folder}/IMG_{number:04}.HEIC", exif_of(shot, note=apple_note(0x0B, "B0457"))
        part = (first, "burst") if first else ("", "")
        roll.add(path, still("HEIC", number, exif, roll.size), of_shot(shot, part=part))
        first = first or path
    for number, shot in roll.shots(8):
        path = f"{folder}/IMG_{number:04}.MOV"
        roll.add(path, apple_film(number, shot, size=roll.size), of_shot(shot, "container"))
    for number, shot in roll.shots(8, zone=False, place=False):
        path = f"Screenshots/Screenshot_{shot.local:%Y%m%d-%H%M%S}.png"
        roll.add(path, still("PNG", number, size=roll.size), of_shot(shot, "name"))


def add_android(roll: Roll) -> None:
    """Add photos with a zone from GPS time or without one, motion photos, bursts, videos and messenger files."""
    folder = "DCIM/Camera"
    for number, shot in roll.shots(41):
        path = f"{folder}/IMG_{shot.local:%Y%m%d_%H%M%S}.jpg"
        roll.add(path, still("JPEG", number, exif_of(shot, gps_clock=True), roll.size), of_shot(shot))
    for number, shot in roll.shots(20, zone=False, place=False):
        path = f"{folder}/IMG_{shot.local:%Y%m%d_%H%M%S}.jpg"
        roll.add(path, still("JPEG", number, exif_of(shot), roll.size), of_shot(shot))
    for number, shot in roll.shots(9, zone=False, place=False):
        make = (micro_video, container_items, samsung)[number % 3]
        video = VIDEO + (12).to_bytes(4, "big") + b"free" + number.to_bytes(4, "big")
        path = f"{folder}/PXL_{shot.local:%Y%m%d_%H%M%S}000.MP.jpg"
        roll.add(path, make(video), of_shot(shot, "name", more={"motion": len(video)}))
    for burst in range(1, 5):
        main = f"{folder}/0000{burst}IMG_BURST2024010112345678{burst}_COVER.jpg"
        for number, shot in roll.shots(4):
            path = f"{folder}/{number:05}IMG_BURST2024010112345678{burst}.jpg"
            is_cover = main not in roll.files
            part = ("", "") if is_cover else (main, "burst")
            data = still("JPEG", number, exif_of(shot), roll.size)
            roll.add(main if is_cover else path, data, of_shot(shot, part=part))
    for number, shot in roll.shots(10):
        container, ending = (("mp4", "mp4"), ("3gp", "3gp"))[number % 2]
        at = Shot(shot.taken_at.replace(tzinfo=None), 0, shot.place)
        path = f"{folder}/VID_{number}.{ending}"
        roll.add(path, android_film(container, number, at, roll.size), of_shot(at, "container"))
    for number, shot in roll.shots(8, zone=False, place=False):
        day = Shot(shot.local.replace(hour=0, minute=0))
        path = f"WhatsApp Images/IMG-{day.local:%Y%m%d}-WA{number:04}.jpg"
        roll.add(path, still("JPEG", number, size=roll.size), of_shot(day, "name"))


def add_icloud(roll: Roll) -> None:
    """Add an export from iCloud Photos in two parts, whose CSV files describe the pictures and an album."""
    folder, lines, names = "iCloud Photos Part 1 of 2/Photos", [DETAILS_HEADER], []
    for number, shot in roll.shots(8):
        name = f"IMG_{number:04}.HEIC"
        more = {"favourite": number % 2 == 0, "albums": ["Sea"] if number % 3 == 0 else []}
        by_clock = Shot(shot.local, None, shot.place)
        # If the local time equals the UTC time in the CSV file, the zone stays unknown, because iCloud may have
        # treated a local time without a zone as UTC.
        known = of_shot(shot, "sidecar", more=more) if shot.offset else of_shot(by_clock, more=more)
        roll.add(f"{folder}/{name}", still("HEIC", number, exif_of(by_clock), roll.size), known)
        lines.append(f'{name},x,{"yes" if number % 2 == 0 else "no"},no,no,"{shot.taken_at:{APPLE_DATE}}",0,')
        names += [name] if number % 3 == 0 else []
    roll.add(f"{folder}/Photo Details.csv", "\n".join(lines).encode(), Outcome("sidecar"))
    album = "\n".join(["Images", *names]).encode()
    roll.add("iCloud Photos Part 2 of 2/Albums/Sea.csv", album, Outcome("sidecar"))
