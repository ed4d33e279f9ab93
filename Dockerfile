# One static binary in an empty image, run by nobody in particular.
FROM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG VERSION=dev
RUN CGO_ENABLED=0 go build -trimpath -buildvcs=false -ldflags "-s -w -X main.version=$VERSION" -o /out/sluis ./cmd/sluis
# /data belongs to the user of the image, which a volume takes over; in it the
# server makes a directory for its own eyes only. SQLite needs a place for
# temporary files.
RUN mkdir -p /out/data /out/tmp && chmod 1777 /out/tmp

FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build --chown=65532:65532 /out/data /data
COPY --from=build --chown=65532:65532 /out/tmp /tmp
COPY --from=build /out/sluis /sluis
USER 65532:65532
ENV SLUIS_LISTEN=0.0.0.0:8080 SLUIS_DATA=/data/sluis
VOLUME /data
EXPOSE 8080 2575
HEALTHCHECK --interval=10s --timeout=6s --start-period=20s CMD ["/sluis", "health", "http://127.0.0.1:8080/readyz"]
ENTRYPOINT ["/sluis"]
CMD ["serve"]
