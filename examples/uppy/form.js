// What the two pages have in common: photos are picked, uploaded by an Uppy, and shown.

import { complete, register } from "./mediaport.js";

const form = document.querySelector("form");

function show(media) {
  const image = Object.assign(new Image(), { src: media.thumb_512_url, alt: media.alt ?? "" });
  const item = document.createElement("li");
  item.append(image);
  document.querySelector("ul").append(item);
}

export function uploadWith(uppy) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const said = form.querySelector("output");
    try {
      await register(form.api.value, form.username.value, form.password.value);
      const photos = [...form.photos.files];
      uppy.addFiles(photos.map((data) => ({ name: data.name, type: data.type, data })));
      const { successful, failed } = await uppy.upload();
      for (const file of successful) show(await complete(file.meta.mediaId));
      said.value = `${successful.length} uploaded, ${failed.length} failed`;
    } catch (error) {
      said.value = error.message;
    }
  });
}
