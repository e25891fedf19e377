import AwsS3 from "@uppy/aws-s3";
import Uppy from "@uppy/core";
import { uploadWith } from "./form.js";
import { presign } from "./mediaport.js";

const uppy = new Uppy();

uppy.use(AwsS3, {
  shouldUseMultipart: false,
  generateObjectKey: (file) => file.id, // the real key is Mediaport's; this one finds the file again
  signRequest: async ({ key }) => {
    const { media_id, upload } = await presign(uppy.getFile(key));
    uppy.setFileMeta(key, { mediaId: media_id });
    return upload;
  },
});

uploadWith(uppy);
