import type { ReactNode } from "react";

import { Title } from "../shell/Title.tsx";

interface Props {
  /** What the document is called meanwhile. */
  name: string;
  title: ReactNode;
  lead?: ReactNode;
  children: ReactNode;
}

/** One step of the start: a heading, a sentence, and one thing to do. */
export function Step({ name, title, lead, children }: Props) {
  return (
    <div className="mx-auto max-w-lg">
      <Title name={name}>{title}</Title>
      {lead && <p className="text-17 text-soft mt-3">{lead}</p>}
      <div className="mt-6">{children}</div>
    </div>
  );
}
