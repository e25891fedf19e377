import AwsS3 from "@uppy/aws-s3";
import Uppy from "@uppy/core";
import { uploadWith } from "../uppy/form.js";
import { presign } from "../uppy/mediaport.js";

const uppy = new Uppy();

uppy.use(AwsS3, {
  shouldUseMultipart: false,
  getUploadParameters: async (file) => {
    const { media_id, upload } = await presign(file);
    uppy.setFileMeta(file.id, { mediaId: media_id });
    return upload;
  },
});

uploadWith(uppy);
