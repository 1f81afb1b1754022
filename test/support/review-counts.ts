/** What a server's /metrics count of its questions to the API server. */

const series =
  /^kube_ext_authz_reviews_total\{kind="TokenReview",outcome="(\w+)",cache="(\w+)"\} (\d+)$/gm;

/** Of TokenReviews, by `<outcome> <cache>`. */
export async function reviewsOf(adminUrl: string): Promise<Readonly<Record<string, number>>> {
  const text = await (await fetch(`${adminUrl}/metrics`)).text();
  return Object.fromEntries(
    [...text.matchAll(series)].map(([, outcome, cache, count]) => [
      `${outcome} ${cache}`,
      Number(count),
    ]),
  );
}
