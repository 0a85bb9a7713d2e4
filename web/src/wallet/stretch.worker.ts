import { stretched, type Stretching } from "./stretching.ts";

self.onmessage = ({ data }: MessageEvent<Stretching>) => {
  self.postMessage(stretched(data));
};
