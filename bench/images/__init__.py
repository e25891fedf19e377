"""Our thumbnails beside sharp's, pyvips', naive Pillow's and the floor. See bench/README.md."""
