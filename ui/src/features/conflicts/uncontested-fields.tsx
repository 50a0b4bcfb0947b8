import { plural } from "@/components/format";
import { Value } from "@/components/value";
import { sameValue } from "@/components/value-model";
import type { ConflictView } from "@/ipc";

/** The fields that need no decision, folded to a count. */
export function UncontestedFields({ conflict }: { conflict: ConflictView }) {
  const fields = conflict.fields.filter((field) => !field.contested);
  if (fields.length === 0) return null;
  const merged = fields.filter((field) => !sameValue(field.type, field.source, field.target));
  const equal = fields.length - merged.length;
  const parts = [
    merged.length > 0 ? `${plural(merged.length, "field")} changed on one side only` : null,
    equal > 0 ? `${plural(equal, "field")} equal on both sides` : null,
  ].filter((part) => part !== null);
  return (
    <details className="mt-3">
      <summary className="min-h-6 cursor-pointer text-muted">{parts.join(", ")}</summary>
      <table className="mt-1 w-full table-fixed border-collapse">
        <thead className="text-meta text-muted">
          <tr>
            <th scope="col" className="w-1/5 px-2 py-1 text-start font-medium">
              Field
            </th>
            <th scope="col" className="px-2 py-1 text-start font-medium">
              Base
            </th>
            <th scope="col" className="px-2 py-1 text-start font-medium">
              {conflict.source_system}
            </th>
            <th scope="col" className="px-2 py-1 text-start font-medium">
              {conflict.target_system}
            </th>
          </tr>
        </thead>
        <tbody>
          {fields.map((field) => (
            <tr key={field.field} className="border-t border-line align-top">
              <th scope="row" className="px-2 py-1 text-start font-normal wrap-anywhere">
                {field.field}
              </th>
              <td className="px-2 py-1">
                <Value value={field.base} />
              </td>
              <td className="px-2 py-1">
                <Value value={field.source} against={field.base} />
              </td>
              <td className="px-2 py-1">
                <Value value={field.target} against={field.base} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </details>
  );
}
