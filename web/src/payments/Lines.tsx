import type { Method } from "./queries.ts";
import { spaced, type Fields } from "./rules/fields.ts";

/** What an opened account says, in the order of its method's form. */
export function Lines({ method, fields }: { method: Method | undefined; fields: Fields }) {
  const known = method?.fields.filter(({ name }) => name in fields) ?? [];
  const names = new Set(known.map(({ name }) => name));
  const rows = [
    ...known.map(({ name, label, kind, options }) => {
      const value = fields[name] ?? "";
      const chosen = options.find((option) => option.value === value);
      return { name, label, value: chosen?.label ?? spaced(kind, value) };
    }),
    // What the form does not have any more is not lost.
    ...Object.entries(fields)
      .filter(([name]) => !names.has(name))
      .map(([name, value]) => ({ name, label: name, value })),
  ];
  return (
    <dl className="mt-1 grid grid-cols-[auto_1fr] gap-x-4 gap-y-0.5">
      {rows.map(({ name, label, value }) => (
        <div key={name} className="contents">
          <dt className="text-soft">
            <bdi>{label}</bdi>
          </dt>
          <dd>
            <bdi translate="no" className="wrap-anywhere">
              {value}
            </bdi>
          </dd>
        </div>
      ))}
    </dl>
  );
}
