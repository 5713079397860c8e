"""Backups: a folder with a dump, a manifest that proves it whole, and the secret that keeps people signed in.

Reading order: manifest (what a backup says of itself), tools (pg_dump and pg_restore), keep (taking one and letting old
ones go), check (whether one is whole), put_back (into an empty database), in_folder (into a data folder of our own).
"""

from storage.backups.manifest import BackupError, ClubHead, Manifest, read_manifest

__all__ = ["BackupError", "ClubHead", "Manifest", "read_manifest"]
