"""From candidate to published: `publish` swaps a night in, in one step, with its dictionary; `outputs` are the files beside it,
`postgres` the copy on a server, `keep_night` keeps the last ones (how many is `[keep]` of the settings).
"""
