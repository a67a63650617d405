"""vocabulary → presets → recipe → prompt → shot → plan → engine → clip → gallery → ui

Files are the nouns that travel; folders are the places they travel through. Imports run downward.
"""
