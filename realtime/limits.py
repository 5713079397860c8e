"""Bounds of the live sockets of one process: handed in, so that tests turn them; nobody else does."""

from msgspec import Struct


class LiveLimits(Struct, frozen=True):
    """How long, how much and how many."""

    gather_s: float = 0.008
    """Seconds between two reads of one channel: what is committed meanwhile goes out as one frame."""
    poll_s: float = 5.0
    """Seconds between looks at every channel that has readers: what a lost wake-up costs at the most."""
    heartbeat_s: float = 15.0
    """Seconds of quiet before a heartbeat; a frame that a line does not take in one to two of them ends the socket."""
    watch_s: float = 3.0
    """Seconds between looks at who may still read: a removed member goes silent within five."""
    first_message_s: float = 5.0
    """Seconds that a client has for its first message."""
    queue_bytes_max: int = 256 * 1024
    """Bytes of live frames that wait for one reader; past it, it goes back to reading the log at its own pace."""
    page_bytes: int = 48 * 1024
    """Bytes of changes in a frame."""
    falls_max: int = 10
    """How often a reader may fall behind within `falls_s`."""
    falls_s: float = 60.0
    reads_max: int = 4
    """Reads of the log at a time: half of the pool's connections stay free for pushes."""
    message_bytes_max: int = 8 * 1024
    """Bytes of a client's message: a token and some cursors have three thousand."""
    messages_max: int = 20
    """Messages of one client in `messages_s`; it has one to say in 15 minutes."""
    messages_s: float = 60.0
    unknown_max: int = 1_000
    """Sockets that have not said who they are."""
    unknown_per_address_max: int = 500
    """Of them, those from one address: the other half is for everybody else."""
    sockets_max: int = 10_000
    """Sockets of a process: 400 MB at 40 KiB each."""
    per_address_max: int = 500
    """Members' sockets from one address: a club's house, or one mobile network's part of its phones."""
    viewers_per_address_max: int = 8_000
    """Viewers of share links from one address: families at a tournament all stand behind one mobile network, and a
    fifth of the process stays free for everybody else."""
    per_holder_max: int = 20
    """Sockets of one member, or one session's device: some tabs and phones."""
    per_link_max: int = 5_000
    """Viewers of one share link."""
    polls_max: int = 2_000
    """Requests that wait for a feed to go on; past it they are answered at once."""
    admitted_per_s: float = 300.0
    """Sockets let in each second: 5,000 that come back at once are in within 20."""
    admitted_burst: int = 300
    retry_ms_max: int = 30_000
    """Milliseconds that a client is told to wait at the most."""
    farewell_s: float = 2.0
    """Seconds that a line has to take the last frame and the close."""
    drain_s: float = 5.0
    """Seconds that sockets have to take their farewell when the server ends."""
