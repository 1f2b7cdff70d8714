"""Pages: what the logs tell at a glance, as one HTML file that needs nothing from elsewhere.

`views` has a file for each part of it: a view reads the indexes and yields panels, which are data. `page` puts them
into a file with the script that draws them. Whoever adds a view adds its file, and names it in `views.VIEWS`.
"""
