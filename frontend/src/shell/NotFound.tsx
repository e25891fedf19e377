import { Link } from "wouter";
import { useTitle } from "./title";

export function NotFound({ what = "page" }: { what?: string }) {
  useTitle("Not here");
  return (
    <section className="card empty">
      <h1>There is no such {what}.</h1>
      <p>
        <Link href="/">Back to the feed</Link>
      </p>
    </section>
  );
}
