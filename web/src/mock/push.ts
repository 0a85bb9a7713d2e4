import type { Schema } from "../api/client.ts";
import type { Answer, Asked } from "./api.ts";
import { NOW } from "./book.ts";

/** The exchange's public key for push messages: a point on P-256, in base64url. */
export const PUSH_KEY =
  "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4";

/** A device that is told of trades. */
export const device: Schema["PushSubscriptionAnswer"] = {
  id: "0193579a-8d42-7e11-9c30-6f5e4d3c2b1a",
  label: "Firefox, Android",
  service: "push.example",
  accepted_at: NOW,
  created_at: NOW,
};

export const PUSH_ANSWERS = {
  "/v1/push/key": (): Schema["PushKeyAnswer"] => ({ key: PUSH_KEY }),
  "/v1/push/subscriptions": (): Schema["PushSubscriptionsAnswer"] => ({ data: [] }),
  "POST /v1/push/subscriptions": ({ body }: Asked): Schema["PushSubscriptionAnswer"] => ({
    ...device,
    label: (body as Schema["NewPushSubscriptionBody"]).label,
  }),
  "DELETE /v1/push/subscriptions/:id": () => undefined,
} satisfies Record<string, Answer>;
