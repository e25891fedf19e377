import { act, StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { playground } from "./playground";
import { useUpload, useUploads } from "./react";
import type { Upload, Uploader } from "./types";

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("IS_REACT_ACT_ENVIRONMENT", true);
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

function Uploads({ of }: { of: Uploader }) {
  return useUploads(of).map((upload) => <One key={upload.id} upload={upload} />);
}

function One({ upload }: { upload: Upload }) {
  const { phase, sentBytes } = useUpload(upload);
  return <p>{`${phase} ${sentBytes}`}</p>;
}

test("a page shows the uploads as they are", async () => {
  const { uploader, add } = playground();
  const page = document.createElement("div");
  const root = createRoot(page);

  act(() =>
    root.render(
      <StrictMode>
        <Uploads of={uploader} />
      </StrictMode>,
    ),
  );
  expect(page.textContent).toBe("");
  let upload: Upload | undefined;
  act(() => {
    upload = add();
  });
  expect(page.textContent).toBe("waiting 0");
  await act(() => vi.runAllTimersAsync());
  expect(page.textContent).toBe("ready 1000");
  act(() => uploader.dismiss(upload as Upload));
  expect(page.textContent).toBe("");
  act(() => root.unmount());
});
