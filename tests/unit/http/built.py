"""A page, as small as one can be."""

BUILT = {
    "index.html": '<!doctype html><script type="module" src="/assets/index-a1.js"></script>',
    "assets/index-a1.js": 'document.title = "Mediaport";\n' * 100,
    "assets/index-b2.css": "body { margin: 0 }\n" * 100,
    "assets/icon-c3.svg": '<svg xmlns="http://www.w3.org/2000/svg"/>',
    "assets/photo-d4.webp": "no picture",
}
